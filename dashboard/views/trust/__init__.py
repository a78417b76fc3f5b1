"""Can a decomposition be believed?"""
